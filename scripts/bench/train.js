import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { aimed } from './aims.js'
import { startChild } from './child.js'
import { printFloors } from './floors.js'
import { median, over, print } from './measure.js'
import { dense, models } from './models.js'
import { findTorch, noTorch, torchScript } from './torch.js'

const stepsScript = fileURLToPath(new URL('steps.js', import.meta.url))
/** DFedSAM's radius. Any but 0 costs the same. */
const rho = 0.05

/**
 * A training step of each model on each backend, and of the same model in PyTorch: turn by turn, so that a busy moment
 * hits all alike, each in a process of its own.
 *
 * @param {{ quick: boolean, only?: string[] }} options
 */
export async function train({ quick, only }) {
  const torch = findTorch()
  const pace = quick
    ? { turns: 5, turnSeconds: 0.4, slowSeconds: 6, limitSeconds: 20 }
    : { turns: 5, turnSeconds: 1.5, slowSeconds: 15, limitSeconds: 90 }
  const told = new Set()
  const aims = []
  console.log(`\ntrain: ${torch === undefined ? noTorch : `beside PyTorch ${torch.version}`}`)
  for (const [name, { title, batches }] of Object.entries(models)) {
    if (only !== undefined && !only.includes(name)) continue
    for (const batch of batches) {
      const { entries, parameters } = await measureModel(name, batch, torch, pace)
      const size = parameters === undefined ? '' : `, ${parameters.toLocaleString('en')} parameters`
      print(`${title}, batch ${batch}${size}`, table(entries, batch, told))
      if (name === 'mlp' && batch === dense.batch) await printFloors(entries, pace)
      if (batch === 32) aims.push(...aimsOf(title, entries))
    }
  }
  return aims
}

/** A step of native TensorFlow beside PyTorch's on as many threads. */
function aimsOf(title, entries) {
  return entries
    .filter(({ label, steps }) => label === 'node' && steps.sgd?.times !== undefined)
    .flatMap(entry => {
      const floor = floorOf(entry, entries)?.steps.sgd?.times
      if (floor === undefined) return []
      const threads = `${entry.threads} thread${entry.threads === 1 ? '' : 's'}`
      const seconds = times => times.map(({ seconds }) => seconds)
      const ratios = over(seconds(entry.steps.sgd.times), seconds(floor))
      return [aimed(`step ÷ PyTorch, ${title}, ${threads}`, ratios, { most: 1.1 })]
    })
}

function contestants(name, batch, torch) {
  const all = availableParallelism()
  const ours = (backend, threads) => ({
    label: backend,
    threads: { node: threads === 0 ? all : threads, wasm: 1 }[backend] ?? 'GPU',
    command: process.execPath,
    args: [stepsScript, name, batch, backend, threads],
  })
  const python = (threads, device = 'cpu') => ({
    label: 'PyTorch',
    threads: device === 'cuda' ? 'GPU' : threads === 0 ? all : threads,
    command: torch.python,
    args: [torchScript('train'), name, batch, threads, device],
    isFloor: true,
  })
  const both = all > 1 ? [1, 0] : [1]
  return [
    ...(torch === undefined ? [] : both.map(threads => python(threads))),
    ...(torch?.cuda ? [python(0, 'cuda')] : []),
    ours('node-gpu', 0),
    ours('webgpu', 0),
    ...both.map(threads => ours('node', threads)),
    ours('wasm', 1),
  ]
}

async function measureModel(name, batch, torch, pace) {
  const entries = []
  try {
    for (const contestant of contestants(name, batch, torch)) entries.push(await open(contestant))
    const parameters = sameParameters(entries)
    for (const radius of [0, rho]) await takeTurns(entries, radius, pace)
    return { entries, parameters }
  } finally {
    await Promise.all(entries.map(entry => entry.child?.stop()))
  }
}

async function open(contestant) {
  const entry = { ...contestant, steps: {} }
  try {
    const child = await startChild(contestant.command, contestant.args.map(String))
    entry.hello = child.hello
    if (child.hello.unavailable === undefined) entry.child = child
    else {
      entry.why = child.hello.unavailable
      await child.stop()
    }
  } catch (error) {
    entry.why = lastLine(error)
  }
  return entry
}

const lastLine = error => error.message.trim().split('\n').at(-1)

/** A comparison of models that are not the same one would say nothing. */
function sameParameters(entries) {
  const counts = new Set(entries.flatMap(({ hello }) => hello?.parameters ?? []))
  if (counts.size > 1) throw new Error(`the models differ in their parameters: ${[...counts].join(', ')}`)
  return [...counts][0]
}

/** Seconds a step of every contestant: the first step warms up and says how many of them make a turn. */
async function takeTurns(entries, radius, { turns, turnSeconds, slowSeconds, limitSeconds }) {
  const kind = radius === 0 ? 'sgd' : 'sam'
  const racing = []
  for (const entry of entries) {
    if (entry.child === undefined) continue
    const first = await perStep(entry, 1, radius, limitSeconds)
    if (first === undefined) entry.steps[kind] = { slowerThan: limitSeconds }
    else if (first.seconds > slowSeconds) entry.steps[kind] = { ...first, single: true }
    else {
      // The very first step compiles; the second is what a step costs.
      const again = await perStep(entry, 1, radius, limitSeconds)
      if (again !== undefined)
        racing.push({ entry, count: Math.max(1, Math.round(turnSeconds / again.seconds)), times: [] })
    }
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const { entry, count, times } of racing) {
      const time = await perStep(entry, count, radius, limitSeconds)
      if (time !== undefined) times.push(time)
    }
  }
  for (const { entry, times } of racing) {
    if (times.length === 0) continue
    const middle = field => median(times.map(time => time[field]))
    entry.steps[kind] = { seconds: middle('seconds'), cpuSeconds: middle('cpuSeconds'), times }
  }
}

async function perStep(entry, steps, radius, limitSeconds) {
  let reply
  try {
    reply = await entry.child?.ask({ steps, rho: radius }, limitSeconds)
  } catch (error) {
    entry.why = lastLine(error)
  }
  if (reply === undefined) entry.child = undefined
  return reply && { seconds: reply.seconds / steps, cpuSeconds: reply.cpuSeconds / steps }
}

/** What is absent is said once, not under every model. */
function table(entries, batch, told) {
  const hasFloor = entries.some(({ isFloor }) => isFloor)
  const head = ['', 'threads']
  for (const kind of ['SGD', 'SAM']) {
    head.push(`${kind} ms/step`, 'CPU ms', 'samples/s', ...(hasFloor ? ['× PyTorch'] : []))
  }
  const rows = entries
    .filter(({ why }) => why === undefined || !told.has(why))
    .map(entry => [entry.label, entry.threads, ...cells(entry, entries, batch, hasFloor)])
  for (const { why } of entries) if (why !== undefined) told.add(why)
  return [head, ...rows]
}

function cells(entry, entries, batch, hasFloor) {
  // Its remedy is the doctor's.
  if (entry.why !== undefined) return [`not here: ${entry.why.split(';', 1)[0]}`]
  return ['sgd', 'sam'].flatMap(kind => {
    const step = entry.steps[kind]
    const ratio = hasFloor ? [ratioTo(floorOf(entry, entries)?.steps[kind], step)] : []
    if (step?.seconds === undefined) {
      return [step === undefined ? 'skipped' : `skipped: slower than ${step.slowerThan} s`, '', '', ...ratio]
    }
    return [
      `${milliseconds(step.seconds)}${step.single ? ' (1 step)' : ''}`,
      milliseconds(step.cpuSeconds),
      Math.round(batch / step.seconds).toLocaleString('en'),
      ...ratio,
    ]
  })
}

function milliseconds(seconds) {
  return (seconds * 1000).toFixed(seconds < 0.1 ? 2 : 0)
}

/** PyTorch on as many threads, or on the GPU; where it has no GPU, on all cores. */
function floorOf(entry, entries) {
  const floors = entries.filter(({ isFloor }) => isFloor)
  return floors.find(({ threads }) => threads === entry.threads) ?? floors.at(-1)
}

function ratioTo(floor, step) {
  return floor?.seconds === undefined || step?.seconds === undefined ? '' : (step.seconds / floor.seconds).toFixed(2)
}
