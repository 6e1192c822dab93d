import type { RoomModule } from '../learner/device.js'
import { mixtureHandlers } from './handlers.js'

/** What a learner's workers do beside their own work for peers that run a mixture. */
export default { jobs: mixtureHandlers } satisfies RoomModule
