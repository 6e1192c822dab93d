import { fileURLToPath } from 'node:url'
import { startChild } from './child.js'
import { print } from './measure.js'
import { findMnist, noMnist } from './mnist.js'
import { findTorch, noTorch, torchScript } from './torch.js'

const runScript = fileURLToPath(new URL('run.js', import.meta.url))
const peers = 16
/** DFedSAM's default radius, for PyTorch's loop. */
const radii = { dfedavg: 0, dfedsam: 0.05 }
const titles = { mlp: 'MLP 200-200', lenet5: 'LeNet-5' }

/**
 * Whole runs over TCP on loopback: 16 peers on a ring, one local epoch a round, batch 32, client-wise Dirichlet 0.3;
 * beside a plain PyTorch loop over the same peers without a network, in one process and in two at once.
 *
 * @param {{ quick: boolean, only?: string[] }} options
 */
export async function simulate({ quick, only }) {
  const data = findMnist()
  const torch = data === undefined ? undefined : findTorch()
  if (data === undefined)
    console.log(`\nsimulate: ${noMnist}. The shipped set pneumoniamnist instead, without PyTorch.`)
  else if (torch === undefined) console.log(`\nsimulate: ${noTorch}`)
  for (const [model, title] of Object.entries(titles)) {
    if (only !== undefined && !only.includes(model)) continue
    const rounds = quick ? { mlp: 3, lenet5: 1 }[model] : 10
    const of = `${data?.name ?? 'PneumoniaMNIST'}, ${peers} peers, ring, ${title}, ${rounds} round${rounds === 1 ? '' : 's'}`
    for (const merge of Object.keys(radii)) {
      print(`simulate: ${of}, ${merge}`, [head, ...(await compare({ model, merge, rounds, data, torch }))])
    }
  }
}

const head = [
  '',
  'seconds',
  'samples/s',
  '÷ PyTorch',
  '÷ two PyTorch',
  'accuracy',
  'peak MB',
  'loop delay p50 / p99 / max ms',
]

/** One after another, ours between PyTorch's two. */
async function compare({ model, merge, rounds, data, torch }) {
  const one = torch && (await loops(torch, [peers], { model, merge, rounds, data }))
  const ours = await run({ model, merge, rounds, data, every: rounds })
  const two = torch && (await loops(torch, [peers / 2, peers / 2], { model, merge, rounds, data }))
  // How much of a run is evaluation is known from one model; twice the time for the other would tell nothing new.
  const eager = model === 'mlp' && rounds > 1 ? await run({ model, merge, rounds, data, every: 1 }) : undefined
  if (one !== undefined && one.parameters !== ours.parameters) {
    throw new Error(`the models differ: ${ours.parameters} parameters, PyTorch's has ${one.parameters}`)
  }
  const label = `Hearsay (${ours.backend}, ${ours.workers} worker${ours.workers === 1 ? '' : 's'})`
  const row = (who, result) => {
    const rate = result.samples / result.seconds
    const over = floor => (floor === undefined ? '' : (rate / (floor.samples / floor.seconds)).toFixed(2))
    const { delay } = result
    return [
      who,
      result.seconds.toFixed(1),
      Math.round(rate).toLocaleString('en'),
      over(one),
      over(two),
      `${(result.accuracy * 100).toFixed(1)} %`,
      Math.round(result.peakMB).toLocaleString('en'),
      delay === undefined ? '' : [delay.p50, delay.p99, delay.max].map(ms => ms.toFixed(1)).join(' / '),
    ]
  }
  return [
    row(label, ours),
    ...(eager === undefined ? [] : [row('  evaluated every round', eager)]),
    ...(one === undefined ? [] : [row('PyTorch, one process', one), row('PyTorch, two at once, 8 peers each', two)]),
  ]
}

async function run({ model, merge, rounds, data, every }) {
  const manifest = {
    seed: 1,
    peers,
    rounds,
    data: { set: data?.folder ?? 'pneumoniamnist' },
    partition: { kind: 'dirichlet', alpha: 0.3, mode: 'client' },
    model,
    training: { epochs: 1, batch: 32, learningRate: 0.05, decay: 0.998 },
    merge,
    topology: 'ring',
    evaluation: { every },
  }
  const child = await startChild(process.execPath, [runScript, JSON.stringify(manifest)])
  try {
    return { ...child.hello, ...(await child.ask('go')) }
  } finally {
    await child.stop()
  }
}

/** PyTorch's loop in as many processes as there are shares of the peers, all begun at once; the slowest one counts. */
async function loops(torch, shares, { model, merge, rounds, data }) {
  const children = []
  try {
    for (const share of shares) {
      const args = [torchScript('simulate'), data.folder, model, share, peers, rounds, radii[merge], rounds]
      children.push(await startChild(torch.python, args.map(String)))
    }
    const results = await Promise.all(children.map(child => child.ask('go')))
    return {
      parameters: children[0].hello.parameters,
      seconds: Math.max(...results.map(({ seconds }) => seconds)),
      samples: results.reduce((sum, { samples }) => sum + samples, 0),
      accuracy: results.reduce((sum, { accuracy }) => sum + accuracy, 0) / results.length,
      peakMB: results.reduce((sum, { peakMB }) => sum + peakMB, 0),
    }
  } finally {
    await Promise.all(children.map(child => child.stop()))
  }
}
