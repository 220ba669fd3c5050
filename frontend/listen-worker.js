/** Names birds on this device. A classic worker: LiteRT's loader needs importScripts. */

// Messages that come before it is loaded wait, in their order. It is not asked for twice.
const loaded = import("./listen/work.js").catch(() => postMessage({failed: true}))

onmessage = async ({data}) => (await loaded)?.receive(data)
