import { Traffic } from '../../src/gossip/traffic/traffic.js'
import type { RunSummary } from '../../src/watch/index.js'

/** A run of three peers, one of them killed, with every figure there. */
export function summaryOf(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    run: 'ab'.repeat(32),
    seed: 1,
    backend: 'wasm',
    device: { kind: 'cpu', name: 'Example CPU', memoryBytes: 8e9 },
    steps: 480,
    stepsInLoop: 448,
    transport: 'tcp',
    peers: 3,
    rounds: 10,
    interrupted: false,
    seconds: 12.5,
    topology: 'ring',
    merge: 'dfedsam',
    measure: 'accuracy',
    accuracy: { mean: 0.912, min: 0.85, max: 0.95, ofMean: 0.93, localOnly: 0.601, centralised: 0.977 },
    beside: {},
    rarest: null,
    primary: 'accuracy',
    fairness: null,
    isUnbalanced: false,
    untested: [],
    consensusDistance: 0.0123,
    spectralGap: 0.195,
    bytes: { sent: 1_234_567, perPeerPerRound: 41_152 },
    samplesPerSecond: 5123.4,
    peakRssMB: 321,
    data: 'digits',
    model: { parameters: 55_210, shared: 2_010 },
    traffic: sentTraffic(),
    absent: 4,
    rejected: { NOT_A_NEIGHBOUR: 7, FUTURE_ROUND: 0 },
    perPeer: [
      { peer: 0, name: 'boston', samples: 1500, accuracy: 0.85, localOnly: 0.7, failed: false },
      { peer: 1, name: 'zurich', samples: 20, accuracy: 0.5, localOnly: 0.55, failed: false },
      { peer: 2, name: 'bern', samples: 300, accuracy: null, localOnly: 0.4, failed: true },
    ],
    ...changes,
  }
}

function sentTraffic(): RunSummary['traffic'] {
  const traffic = new Traffic()
  traffic.add('sent', 'heads', 1_200_000)
  traffic.add('sent', 'presence', 34_567)
  traffic.add('sent', 'wire', 1_300_000)
  return traffic.bytes()
}
