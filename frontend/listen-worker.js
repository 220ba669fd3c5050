/** Names birds on this device. A classic worker: LiteRT's loader needs importScripts. */

// Messages that come before it is loaded wait, in their order.
const loaded = import("./listen/work.js")

onmessage = async ({data}) => (await loaded).receive(data)
