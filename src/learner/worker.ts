import { serve } from './serve.js'

/*
 * The learner's own worker thread: it trains and evaluates. Rooms with jobs of their own start another module, which
 * serves those as well.
 */
serve([])
