// One simulation as the command runs it, with or without its dashboard: says where that is, waits for a line, runs, and
// says how long it took.   node watch-run.js MANIFEST FOLDER yes|no        a manifest as JSON
import { createDashboard } from '../../dist/dashboard/index.js'
import { createRunFolder } from '../../dist/disk/index.js'
import { createSimulation, parseManifest } from '../../dist/index.js'
import { metricsReporter } from '../../dist/watch/index.js'
import { answerLines } from './child.js'

const [manifest, path, isWatched] = process.argv.slice(2)
const simulation = await createSimulation(parseManifest(JSON.parse(manifest)), { baselines: false })
const folder = await createRunFolder(path, simulation.prepared.manifest)
const dashboard = isWatched === 'yes' ? createDashboard({ folder: path }) : undefined
await answerLines({ address: await dashboard?.start() }, async () => {
  const [before, startedAt] = [process.cpuUsage(), performance.now()]
  for await (const _ of simulation.run({ reporters: [metricsReporter(folder)] }));
  await folder.close()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
})
await dashboard?.stop()
await simulation.close()
