/** Where the publisher puts LiteRT.js and the browser's model. */

const at = (/** @type {URL} */ url) => url.href
export const LIBRARY = at(new URL("../litert/index.js", import.meta.url))
export const UTILS = at(new URL("../litert/wasm-utils.js", import.meta.url))
export const LOADER = at(new URL("../litert/litert_wasm_compat_internal.js", import.meta.url))
export const WASM = at(new URL("../litert/litert_wasm_compat_internal.wasm", import.meta.url))
export const NETWORK = at(new URL("../model/browser.tflite", import.meta.url))
export const CONSTANTS = at(new URL("../model/constants.json", import.meta.url))
export const FILES = [LIBRARY, UTILS, LOADER, WASM, NETWORK, CONSTANTS]
