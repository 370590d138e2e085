// Builds the scripts and the style sheets that the server embeds and serves under /assets/. The big screen is built by
// itself (`--mode screen`), for the browsers of televisions, and so is the service worker (`--mode worker`).
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

/** Without modules, which service workers have not had everywhere for long. */
const WORKER: UserConfig["build"] = {
  manifest: ".vite/worker.json",
  rollupOptions: { input: ["src/worker.ts"], output: { format: "iife" } },
  copyPublicDir: false,
};

export default defineConfig(({ mode }) => ({
  base: "/assets/",
  build: {
    assetsDir: "",
    modulePreload: false,
    // Nothing may become a data: URL: the page's policy forbids them.
    assetsInlineLimit: 0,
    ...(mode === "screen" ? SCREEN : mode === "worker" ? WORKER : PAGES),
  },
}));
