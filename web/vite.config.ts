// Builds the scripts and the style sheets that the server embeds and serves under /assets/. The big screen is built by
// itself (`--mode screen`), for the browsers of televisions.
import { defineConfig, type UserConfig } from "vite";

const PAGES: UserConfig["build"] = {
  manifest: true,
  rollupOptions: { input: ["src/admin.ts", "src/chat.ts", "src/login.ts", "src/style.css"] },
};
const SCREEN: UserConfig["build"] = {
  manifest: ".vite/screen.json",
  rollupOptions: { input: ["src/screen.ts", "src/screen.css"] },
  target: "es2019",
  cssTarget: "chrome69",
  copyPublicDir: false,
};

export default defineConfig(({ mode }) => ({
  base: "/assets/",
  build: {
    assetsDir: "",
    modulePreload: false,
    // Nothing may become a data: URL: the page's policy forbids them.
    assetsInlineLimit: 0,
    ...(mode === "screen" ? SCREEN : PAGES),
  },
}));
