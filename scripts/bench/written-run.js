import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { manifestYaml, parseManifest } from '../../dist/node/index.js'
import { createTopology } from '../../dist/topology/index.js'

/**
 * Writes a run folder as a simulation leaves it, of made-up numbers: what pages of many peers and rounds cost to draw.
 *
 * @param {{ peers: number, rounds: number, topology: string }} shape
 */
export async function writeRun(folder, { peers, rounds, topology }) {
  mkdirSync(folder, { recursive: true })
  const manifest = parseManifest({ data: 'digits', model: 'logistic', merge: 'dfedavg', topology, peers, rounds })
  writeFileSync(join(folder, 'manifest.yaml'), manifestYaml(manifest))
  const graph = createTopology(manifest.topology, peers, 1).graphAt(0)
  const events = Readable.from(linesOf(peers, rounds, graph))
  await pipeline(events, createWriteStream(join(folder, 'metrics.jsonl')))
}

/** As long as real ones. */
const idOf = peer => `12D3KooW${String(peer).padStart(4, '0').repeat(11)}`

function* linesOf(peers, rounds, graph) {
  const line = event => `${JSON.stringify(event)}\n`
  const ids = Array.from({ length: peers }, (_, peer) => idOf(peer))
  yield line({
    type: 'begin',
    atMs: 0,
    round: 0,
    run: '00',
    members: ids.map((peer, at) => ({ peer, name: `peer-${at}` })),
  })
  const heard = ids.map((_, peer) => graph.receivesFrom(peer).map(other => ids[other]))
  for (let round = 0; round < rounds; round++) {
    let text = ''
    for (const [at, peer] of ids.entries()) {
      const of = { atMs: 1000 * round + at, peer, round }
      const accuracy = 1 - Math.exp(-(round + 1) / 30) * (0.7 + 0.3 * Math.sin(at))
      text += line({ ...of, type: 'trained', loss: 2 / (round + 1), samples: 100, seconds: 0.1 })
      text += line({ ...of, type: 'exchanged', step: 0, received: heard[at], absent: [], waitSeconds: 0.05 })
      text += line({ ...of, type: 'merged', localDistance: 1 / (round + 1) })
      text += line({ ...of, type: 'evaluated', accuracy, loss: 1 - accuracy, macroF1: accuracy })
      text += line({ ...of, type: 'ended', seconds: 0.2 })
    }
    const spread = { mean: 0.5, min: 0.4, max: 0.6, ofMean: 0.6 }
    const whole = {
      accuracy: spread,
      loss: 1,
      consensusDistance: 1 / (round + 1),
      absent: 0,
      samples: 1,
      sentBytes: round,
    }
    yield text + line({ type: 'round', atMs: 1000 * round + 999, round, peers, ...whole, seconds: round })
  }
}
