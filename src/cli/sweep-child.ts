/*
 * A run of a sweep: `hearsay`, which ends as by Ctrl-C when the channel to its sweep closes. The sweep closes it to stop
 * the run, and the system does where the sweep was killed: no run goes on unseen.
 */
import { interruptedStatus } from './command.js'

process.once('disconnect', () => {
  // Until `hearsay` listens, there is nothing to keep.
  if (!process.emit('SIGINT')) process.exit(interruptedStatus)
})
// It may have closed while this file was read.
if (!process.connected) process.exit(interruptedStatus)
// A run that is over must not wait for its sweep.
process.channel?.unref()
await import('./main.js')
