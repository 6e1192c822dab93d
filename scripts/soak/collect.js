// Loaded into every thread of a process that soaks (`--import`): garbage is collected before each look, since what the
// collector leaves lying moves the resident size by a hundred megabytes, which hides a growth of one.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const everyMs = 5_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
setInterval(collect, everyMs).unref()
