import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs a case and digests the numbers that every peer ends with.
 *
 * @param hearsay - what the package exports: from its sources in the test, as built in the command
 * @returns a digest for each peer of its parameters and, where it holds heads of others, of those and of what its method keeps
 */
export async function digestsOf({ manifest, options: { interruptIn, ...options } }, hearsay, backend) {
  const create = more =>
    hearsay.createSimulation(hearsay.parseManifest(manifest), {
      ...{ backend, transport: 'memory', workers: 1, baselines: false, ...options, ...more },
    })
  const { peers } = interruptIn === undefined ? await follow(await create()) : await resumed(create, interruptIn)
  const digests = { parameters: peers.map(({ parameters }) => digestOf([parameters])) }
  if (peers[0].kept.heads.length === 0) return digests
  return { ...digests, mixture: peers.map(({ kept }) => digestOf(vectorsOf(kept))) }
}

/** Interrupts the run in this round and resumes it from what was kept. */
async function resumed(create, interruptIn) {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-digests-'))
  const keep = { folder, told: async () => {}, onLost: raise }
  const control = new AbortController()
  try {
    await follow(await create({ signal: control.signal }), keep, event => {
      if (event.type === 'round' && event.round === interruptIn) control.abort()
    })
    const simulation = await create({ resume: { folder, tell: raise } })
    if (simulation.rounds === 0) throw new Error('nothing was kept before the interruption')
    return await follow(simulation, keep)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function raise(what) {
  throw what instanceof Error ? what : new Error(what)
}

/** Runs a simulation to its end and closes it. */
async function follow(simulation, keep, seen = () => {}) {
  try {
    const run = simulation.run({ keep })
    for (;;) {
      const { done, value } = await run.next()
      if (done) return value
      seen(value)
    }
  } finally {
    await simulation.close()
  }
}

/** What a peer of a mixture keeps beside its parameters, in an order that no format decides. */
function vectorsOf({ method: { tensors }, heads }) {
  const byText = of => (a, b) => (of(a) < of(b) ? -1 : 1)
  return [
    ...[...tensors].sort(byText(({ name }) => name)).map(({ values }) => values),
    ...[...heads].sort(byText(({ name }) => name)).map(({ head }) => head),
  ]
}

/** The first 16 digits of the SHA-256 of these float32 vectors, one behind the other: enough to tell runs apart. */
function digestOf(vectors) {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of vectors) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex').slice(0, 16)
}
