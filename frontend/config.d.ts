/**
 * The server writes config.js for the API that was deployed or runs. This is the API's base URL,
 * without a slash at its end.
 */
export const apiBase: string
/** Whether the site has LiteRT.js and a model for the browser. */
export const canListen: boolean
