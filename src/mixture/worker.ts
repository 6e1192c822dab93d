import { serve } from '../learner/device.js'
import { mixtureHandlers } from './handlers.js'

/*
 * The worker thread of a pool whose peers run a mixture: all that the learner's own does, and the mixture's jobs.
 */
serve(mixtureHandlers)
