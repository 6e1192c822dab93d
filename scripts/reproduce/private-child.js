// Runs simulations that its parent sends, one after another, and attacks a peer of each.
import { auditPeer, othersOf } from '../../dist/audit/index.js'
import { attacked } from './private-runs.js'
import { simulate } from './run.js'

process.on('message', async ({ manifest, options }) => {
  try {
    const { audited, ...figures } = await simulate(manifest, options, (result, { prepared }) => ({
      accuracy: result.summary.accuracy.mean,
      epsilon: result.summary.privacy?.epsilon ?? null,
      seconds: result.summary.seconds,
      audited: auditedOf(prepared, result, attacked),
    }))
    const { backend } = options
    const { attacks, accuracy } = await auditPeer(audited, { backend, workers: 1, membershipOnly: true })
    const [loss, shadows] = attacks
    process.send({
      figures: {
        ...figures,
        loss: loss.auc,
        shadows: shadows.auc,
        found: shadows.found,
        gap: accuracy.members - accuracy.others,
      },
    })
  } catch (error) {
    process.send({ error: error.stack })
  }
})

/** What an audit needs of a peer of a simulation that is still in memory. */
function auditedOf({ manifest, dataset, models, layout, head, shards }, { peers }, number) {
  const { samples, standardisation, name } = shards[number]
  const { model, inputShape } = models[number].model
  return {
    ...{ manifest, name, number, layout, head, standardisation },
    model: { model, inputShape },
    classes: dataset.classes.length,
    objective: dataset.objective ?? { kind: 'classification' },
    parameters: peers[number].parameters,
    members: { samples },
    others: othersOf(dataset, manifest.partition.kind === 'natural' ? number : undefined),
  }
}
