// Runs simulations that its parent sends, one after another, and attacks some of their peers.
import { auditPeer, othersOf } from '../../dist/audit/index.js'
import { attacked } from './private-runs.js'
import { simulate } from './run.js'
import { mean } from './statistics.js'

process.on('message', async ({ manifest, options }) => {
  try {
    const { peers, ...figures } = await simulate(manifest, options, (result, { prepared }) => ({
      accuracy: result.summary.accuracy.mean,
      epsilon: result.summary.privacy?.epsilon ?? null,
      seconds: result.summary.seconds,
      peers: attacked.map(number => auditedOf(prepared, result, number)),
    }))
    const { backend } = options
    const audits = []
    for (const peer of peers) audits.push(await auditPeer(peer, { backend, workers: 1, membershipOnly: true }))
    const of = (attack, figure) =>
      mean(audits.map(({ attacks }) => attacks.find(each => each.attack === attack)[figure]))
    process.send({
      figures: {
        ...figures,
        loss: of('loss', 'auc'),
        shadows: of('shadows', 'auc'),
        found: of('shadows', 'found'),
        gap: mean(audits.map(({ accuracy }) => accuracy.members - accuracy.others)),
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
