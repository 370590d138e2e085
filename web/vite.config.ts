// Builds the scripts and the style sheet that the server embeds and serves under /assets/.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/assets/",
  build: {
    assetsDir: "",
    manifest: true,
    modulePreload: false,
    rollupOptions: { input: ["src/admin.ts", "src/chat.ts", "src/login.ts", "src/style.css"] },
    // Nothing may become a data: URL: the page's policy forbids them.
    assetsInlineLimit: 0,
  },
});
