/**
 * The server writes config.js for the API that was deployed or runs. This is the API's base URL,
 * without a slash at its end.
 */
export const apiBase: string
