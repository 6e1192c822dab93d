import type { RoomModule } from '../../learner/device.js'
import { auditHandlers } from './handlers.js'

/** What a learner's workers do beside their own work for an audit. */
export default { jobs: auditHandlers } satisfies RoomModule
