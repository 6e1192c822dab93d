import { mnistPart, taken } from './mnist-part.js'

/*
 * Accuracy and what is left of it for an attacker, by ε: three sets, two methods. Nothing is tuned for a cell but the
 * learning rate, which differs between private and other runs alone: a clipped gradient is shorter.
 */

/**
 * Round numbers that are known without looking at the records, as a budget wants them: of the 13 columns of the UCI's
 * description (age, sex, pain, pressure, cholesterol, sugar, ECG, heart rate, angina, ST depression, slope, vessels, thal).
 */
const heart = {
  mean: [54, 0.5, 3, 130, 200, 0.2, 0.6, 140, 0.4, 1, 2, 0.7, 5],
  std: [9, 0.5, 1, 20, 100, 0.4, 0.8, 25, 0.5, 1, 0.6, 1, 2],
}

/** By name: the run, and what is to be known of its set. */
export const sets = {
  pneumoniamnist: {
    title: 'PneumoniaMNIST, CNN, 8 peers',
    run: () => ({
      peers: 8,
      data: { set: 'pneumoniamnist', standardise: { mean: [0.57], std: [0.17] } },
      partition: { kind: 'iid' },
      model: { kind: 'cnn' },
      training: { batch: 64, epochs: 1 },
    }),
  },
  'heart-disease': {
    title: 'Heart disease, logistic, its 4 hospitals',
    run: () => ({
      peers: 4,
      data: { set: 'heart-disease', standardise: heart },
      partition: { kind: 'natural' },
      model: { kind: 'logistic' },
      training: { batch: 32, epochs: 2 },
    }),
  },
  mnist: {
    title: `MNIST, the first ${taken.train} and ${taken.t10k} images, MLP, 8 peers`,
    run: () => {
      const set = mnistPart()
      return (
        set && {
          peers: 8,
          data: { set, standardise: 'mnist' },
          partition: { kind: 'iid' },
          model: { kind: 'mlp', hidden: [32] },
          training: { batch: 64, epochs: 2 },
        }
      )
    },
  },
}

export const methods = ['dfedavg', 'dfedsam']

/** null: no budget, as of infinite ε. */
export const budgets = [2, 4, 8, null]

/** The peer that is attacked: each of the others would take as long again. */
export const attacked = 0

/** Every cell, for each seed. */
export function cellsOf({ quick }) {
  const cells = []
  for (const seed of quick ? [1] : [1, 2, 3]) {
    for (const set of quick ? ['heart-disease'] : Object.keys(sets)) {
      for (const method of methods) {
        for (const budget of quick ? [2, null] : budgets) cells.push({ seed, set, method, budget })
      }
    }
  }
  return cells
}

/** A cell's manifest; undefined where its set is not there. */
export function manifestOf({ seed, set, method, budget }, { quick }) {
  const run = sets[set].run()
  if (run === undefined) return undefined
  const learningRate = budget === null ? 0.1 : 0.5
  return {
    seed,
    rounds: quick ? 2 : 10,
    ...run,
    training: { ...run.training, learningRate, decay: 1 },
    merge: { method },
    topology: { kind: 'ring' },
    evaluation: { every: 10 },
    ...(budget !== null && { privacy: { budget } }),
  }
}
