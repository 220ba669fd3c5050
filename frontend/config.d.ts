/** The server writes config.js, from what was deployed or run. This is its base URL of the API, with no slash at its end. */
export const apiBase: string;
