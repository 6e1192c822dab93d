import { aimed } from './aims.js'
import { median, over, print } from './measure.js'
import { findMnist, noMnist } from './mnist.js'
import { beginningOf, manifestOf, ours, peers, theirs } from './pairing.js'
import { findTorch, noTorch } from './torch.js'

/** LeNet-5 has one turn: it is there for its share of the convolutions, and takes minutes. */
const subjects = {
  mlp: { title: 'MLP 200-200', turns: 5, quickRounds: 3 },
  lenet5: { title: 'LeNet-5', turns: 1, quickRounds: 1 },
}
const merges = ['dfedavg', 'dfedsam']

/**
 * Whole runs over TCP on loopback beside a plain PyTorch loop over the same peers without a network, in one process and
 * in two at once, which is what two cores can do; turn by turn.
 *
 * @param {{ quick: boolean, only?: string[] }} options
 */
export async function simulate({ quick, only }) {
  const data = findMnist()
  const torch = data === undefined ? undefined : findTorch()
  if (data === undefined)
    console.log(`\nsimulate: ${noMnist}. The shipped set pneumoniamnist instead, without PyTorch.`)
  else if (torch === undefined) console.log(`\nsimulate: ${noTorch}`)
  const aims = []
  for (const [model, { title, turns, quickRounds }] of Object.entries(subjects)) {
    if (only !== undefined && !only.includes(model)) continue
    const rounds = quick ? quickRounds : 10
    const what = `${data?.name ?? 'PneumoniaMNIST'}, ${peers} peers, ring, ${title}, ${rounds} round${rounds === 1 ? '' : 's'}`
    for (const merge of merges) {
      const runs = await race({ model, merge, rounds, data, torch }, turns)
      print(`simulate: ${what}, ${merge}, medians of ${turns}`, table(runs))
      if (model === 'mlp' && torch !== undefined) aims.push(...aimsOf(runs, merge, rounds))
    }
  }
  return aims
}

const names = {
  native: 'Hearsay, the best backend here',
  wasm: 'Hearsay, wasm',
  eager: '  evaluated every round',
  short: '  a round only',
  one: 'PyTorch, one process',
  oneShort: '  a round only',
  two: `PyTorch, two at once, ${peers / 2} peers each`,
}

/** @returns what each said in each turn */
async function race({ torch, ...task }, turns) {
  const run = (backend, every) => () => ours(manifestOf({ ...task, every }), backend)
  const beginning = torch && beginningOf(task)
  // What a round more takes is known from runs that have fewer.
  const once = task.model === 'mlp' && task.rounds > 1 && { ...task, rounds: 1 }
  const contestants = {
    ...(torch && { one: () => theirs(torch, [peers], beginning, task) }),
    native: run('auto'),
    ...(torch && once && { oneShort: () => theirs(torch, [peers], beginning, once) }),
    ...(once && { short: () => ours(manifestOf(once), 'auto') }),
    // How much of a run is evaluation is known from one model; twice the time for the other would tell nothing new.
    ...(task.model === 'mlp' && task.rounds > 1 && { wasm: run('wasm'), eager: run('auto', 1) }),
    ...(torch && { two: () => theirs(torch, [peers / 2, peers / 2], beginning, task) }),
  }
  const runs = Object.fromEntries(Object.keys(contestants).map(name => [name, []]))
  try {
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, contestant] of Object.entries(contestants)) runs[name].push(await contestant())
    }
  } finally {
    beginning?.remove()
  }
  const counts = new Set(Object.values(runs).map(([{ parameters }]) => parameters))
  if (counts.size > 1) throw new Error(`the models differ in their parameters: ${[...counts].join(', ')}`)
  return runs
}

const rate = ({ samples, seconds }) => samples / seconds
const of = (runs, figure) => runs.map(figure)
const cpu = ({ cpuSeconds }) => cpuSeconds
const peak = ({ peakMB }) => peakMB

function table(runs) {
  const ratio = (mine, floor) => (floor === undefined ? '' : median(over(mine, of(floor, rate))).toFixed(2))
  return [
    ['', 'seconds', 'CPU s', 'samples/s', '÷ PyTorch', '÷ two', 'accuracy', 'peak MB', 'loop delay p50 / p99 / max ms'],
    ...Object.entries(runs).map(([name, all]) => {
      const rates = of(all, rate)
      const [{ backend, delay }] = all
      const middle = figure => median(of(all, figure))
      const delays = ['p50', 'p99', 'max'].map(key => delay && middle(run => run.delay[key]).toFixed(1))
      return [
        backend === undefined ? names[name] : `${names[name]} (${backend})`,
        middle(({ seconds }) => seconds).toFixed(1),
        middle(cpu).toFixed(1),
        Math.round(median(rates)).toLocaleString('en'),
        ratio(rates, runs.one),
        ratio(rates, runs.two),
        `${(middle(({ accuracy }) => accuracy) * 100).toFixed(1)} %`,
        Math.round(middle(peak)).toLocaleString('en'),
        delay === undefined ? '' : delays.join(' / '),
      ]
    }),
  ]
}

/** T1 of docs/performance.md. */
function aimsOf({ native, wasm, one, two, short, oneShort }, merge, rounds) {
  const ratios = (mine, floor, figure) => over(of(mine, figure), of(floor, figure))
  // Without the start, the reading of data and the test at the end, which a run has once.
  const more = (all, first) => of(all, cpu).map((whole, turn) => (whole - cpu(first[turn])) / (rounds - 1))
  return [
    aimed(`T1 ${merge}, CPU seconds ÷ PyTorch`, ratios(native, one, cpu), { most: 0.8 }),
    aimed(`T1 ${merge}, CPU seconds of a further round ÷ PyTorch's`, over(more(native, short), more(one, oneShort)), {
      most: 0.8,
    }),
    aimed(`T1 ${merge}, CPU seconds ÷ PyTorch, wasm`, ratios(wasm, one, cpu), { most: 1.2 }),
    aimed(`T1 ${merge}, samples/s ÷ two PyTorch`, ratios(native, two, rate), { least: 1.3 }),
    aimed(`T1 ${merge}, peak memory ÷ PyTorch`, ratios(native, one, peak), { most: 1.5 }),
    aimed(
      `T1 ${merge}, delay of the network thread, p99 ms`,
      of(native, ({ delay }) => delay.p99),
      { most: 10 },
    ),
  ]
}
