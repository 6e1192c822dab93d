import { describe, expect, it } from 'vitest'
import { trafficText } from '../../src/cli/traffic.js'
import { type Manifest, type ManifestInput, parseManifest, planOf } from '../../src/node/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { createScheduled } from '../../src/topology/index.js'

const plan = (manifest: Manifest, shared: number) =>
  planOf(manifest, headSection(layoutOf([{ name: 'dense/kernel', shape: [shared] }])))

const said = (input: ManifestInput, shared: number): string => {
  const manifest = parseManifest(input)
  return trafficText(manifest, plan(manifest, shared), createScheduled(manifest, manifest.peers))
}

describe('what a peer will send', () => {
  it.each<[ManifestInput, number, string]>([
    [{ rounds: 10 }, 650, '2.76 kB a round to each of 2 neighbours: 55.2 kB a peer in 10 rounds'],
    [{ rounds: 1, topology: 'full', peers: 2 }, 1000, '4.16 kB a round to one neighbour: 4.16 kB a peer in 1 round'],
    [
      { rounds: 20 },
      13_000_000,
      '52.0 MB a round to each of 2 neighbours: 2.08 GB a peer in 20 rounds; less with share: head, or encoding: bf16 or int8',
    ],
    [
      { rounds: 20, encoding: 'int8' },
      13_000_000,
      '13.0 MB a round to each of 2 neighbours: 520 MB a peer in 20 rounds; less with share: head',
    ],
    [
      { rounds: 2, merge: { method: 'dfedsam-mgs', gossipSteps: 4 } },
      1000,
      '4.16 kB a round to each of 2 neighbours, 4 times: 66.6 kB a peer in 2 rounds',
    ],
    [{ merge: 'mixture' }, 66, 'about 303 B a round, to everybody'],
    [{ merge: { method: 'one-byte', samples: 300 } }, 650, 'about 339 B a round, to everybody'],
    // A linked head names two copies.
    [
      { rounds: 10, encoding: { codec: 'int8', memory: 'choco' } },
      650,
      '957 B a round to each of 2 neighbours: 19.1 kB a peer in 10 rounds',
    ],
    [
      { rounds: 10, encoding: { codec: 'f32', slim: true } },
      650,
      'at most 2.76 kB a round to each of 2 neighbours: 55.2 kB a peer in 10 rounds',
    ],
    [
      { rounds: 10, topology: 'star', peers: 4 },
      650,
      '2.76 kB a round to each of up to 3 neighbours: at most 82.9 kB a peer in 10 rounds',
    ],
    [
      { peers: 5, rounds: 1, topology: 'full', masks: true },
      650,
      '2.86 kB a round to each of 4 neighbours: 11.5 kB a peer in 1 round',
    ],
    [{ peers: 4, rounds: 4, exchange: 'adaptive' }, 1000, 'at most 133 kB, all peers together, in 4 exchanges'],
    [
      { peers: 4, rounds: 4, exchange: { when: 'every', rounds: 2 } },
      1000,
      '66.6 kB, all peers together, in 2 exchanges',
    ],
    [{ merge: 'none' }, 650, 'nothing'],
    [{ peers: 1 }, 650, 'nothing'],
    [
      { peers: 4, rounds: 4, exchange: { when: 'every', partners: 0.5 } },
      1000,
      'about 33.3 kB, all peers together, in 4 exchanges',
    ],
    // Nobody on a ring can draw more than two.
    [
      { peers: 4, rounds: 4, exchange: { when: 'every', partners: 9 } },
      1000,
      'about 133 kB, all peers together, in 4 exchanges',
    ],
    [{ peers: 4, rounds: 4, exchange: 'once' }, 1000, '49.9 kB, all peers together, in the final merge'],
    [{ rounds: 4, exchange: { when: 'every', rounds: 5 } }, 650, 'nothing: there is no exchange in 4 rounds'],
    [{ rounds: 1, exchange: { when: 'every', partners: 0 } }, 650, 'nothing: there is no exchange in 1 round'],
  ])('in %j with %d numbers', (input, shared, text) => expect(said(input, shared)).toBe(text))

  it('is told without a sum where peers come and go', () => {
    expect(trafficText(parseManifest({}), plan(parseManifest({}), 650))).toBe('2.76 kB a round to each neighbour')
  })
})
