import { fileURLToPath, URL } from "node:url";

import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

import { compress } from "./build/compress";

/** Where the API listens while the page is developed. */
const API = process.env.ONEOFF_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [vue(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    // Messages are compiled to functions without eval: the policy of the page forbids that.
    __INTLIFY_JIT_COMPILATION__: true,
  },
  build: {
    outDir: "../app/web/page",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 3000,
    proxy: { "^/(api|health|metrics|docs|setup|login)(/|$|[?])": { target: API, ws: true } },
  },
});
