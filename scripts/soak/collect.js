// Loaded into every thread of a process that soaks (`--import`): garbage is collected before each look, since what the
// collector leaves lying moves the resident size by a hundred megabytes, which hides a growth of one. The main thread
// then says what its own objects take, which tells a leak of ours from what an allocator holds.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const everyMs = 5_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
setInterval(() => {
  collect()
  // Threads of workers have no such channel.
  process.send?.({ heapMB: process.memoryUsage().heapUsed / 1e6 })
}, everyMs).unref()
process.channel?.unref()
