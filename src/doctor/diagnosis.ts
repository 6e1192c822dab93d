import { availableParallelism, cpus } from 'node:os'
import { type BackendName, cpuDevice, type Device, isAutomatic } from '../learner/index.js'
import { parseManifest } from '../node/index.js'
import { type Check, checkFolder, checkHosts, checkPort } from './checks.js'
import { type BackendTest, type SpeedTest, testBackend } from './speed.js'

/** What this machine has to train and to talk with. */
export interface Diagnosis {
  readonly node: string
  /** As npm names it: decides which optional packages it installs. */
  readonly platform: string
  readonly device: Device
  readonly cores: number
  /** Fewer than the cores where the process is bound to some. */
  readonly usableCores: number
  /** Best first. */
  readonly backends: readonly BackendTest[]
  /** The one that `--backend auto` takes; null when none works. */
  readonly auto: BackendName | null
  readonly ports: { readonly loopback: Check; readonly all: Check }
  readonly hosts: Check
  readonly folder: Check & { readonly freeBytes?: number }
  /** Some backend works and some port can be opened. */
  readonly ok: boolean
}

/** Where `hearsay simulate` keeps its runs. */
const runsFolder = 'runs'
const names: readonly BackendName[] = ['node-gpu', 'webgpu', 'node', 'wasm']

/** The default run: its model on its data, so that the figure is one that `hearsay simulate` reaches. */
function defaultTest(seconds: number): SpeedTest {
  const { model, training } = parseManifest({})
  return { model, inputShape: [28, 28, 1], classes: 2, batch: training.batch, seconds }
}

/**
 * Examines this machine. The backends one after another, since each would slow the other.
 *
 * @param onBackend - called with the backend that is being tried
 * @param seconds - for how long each trains
 * @throws the signal's reason when aborted
 */
export async function diagnose(
  signal: AbortSignal,
  onBackend: (name: BackendName) => void = () => {},
  seconds = 2,
): Promise<Diagnosis> {
  const backends: BackendTest[] = []
  for (const name of names) {
    onBackend(name)
    backends.push(await testBackend(name, defaultTest(seconds), { signal }))
  }
  const auto = backends.find(test => test.ok && isAutomatic(test.report))?.name ?? null
  const ports = { loopback: await checkPort('127.0.0.1', signal), all: await checkPort('0.0.0.0', signal) }
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    device: cpuDevice(),
    cores: cpus().length,
    usableCores: availableParallelism(),
    backends,
    auto,
    ports,
    hosts: await checkHosts('127.0.0.1', signal),
    folder: await checkFolder(runsFolder, signal),
    ok: backends.some(({ ok }) => ok) && (ports.loopback.ok || ports.all.ok),
  }
}
