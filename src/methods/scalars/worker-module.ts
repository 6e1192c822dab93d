import { handler, type RoomModule } from '../../learner/device.js'
import { measureSlopes } from './jobs.js'
import { slopesOf } from './slopes.js'

/** What a learner's workers do beside their own work for peers that publish slopes. */
export default {
  jobs: [
    handler(measureSlopes, async ({ models, data, source, targets, aborted }, ask) => {
      const begun = performance.now()
      const { model: place } = ask
      const samples = data[0]!
      const held = { source: source(place, samples), targets: targets(place, samples), size: samples.size }
      const measured = await slopesOf(models[place]!, held, ask, aborted)
      return measured && { ...measured, seconds: (performance.now() - begun) / 1000 }
    }),
  ],
} satisfies RoomModule
