// What pages are made of: one import for all that most of them need.
export * from "../vendor/htm-preact.js";
export * from "../texts.js";
export * from "./api.js";
export * from "./http.js";
export * from "./limits.js";
export * from "./live.js";
export * from "./router.js";
export * from "./store.js";
export * from "./told.js";
export * from "./widgets.js";
export * from "./words.js";
