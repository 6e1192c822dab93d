import {
  agreementTopic,
  createHost,
  type HearsayHost,
  headsTopic,
  presenceScore,
  presenceTopic,
} from '../../gossip/index.js'
import type { AssemblyInit } from '../assembled-peer.js'
import { speaksIn } from '../peer-presence.js'
import { lanContacts } from './lan.js'

/** The host of a peer of the field, or of a simulation. */
export async function createPeerHost(init: AssemblyInit): Promise<HearsayHost> {
  const { manifest, runId, field } = init
  const node: HearsayHost = await createHost({
    privateKey: init.identity.privateKey,
    transport: init.transport,
    listen: [...init.listen],
    isTimed: field !== undefined,
    publishes: speaksIn(init),
    // On a dense graph every member may dial, and all at once when a run begins.
    maxConnections: Math.max(128, manifest.peers + 64),
    connectionsPerSecond: Math.max(64, manifest.peers),
    ...(field && {
      field: { ...field.field, ...(field.lan && { lan: lanContacts(runId, peer => node.dial(peer)) }) },
      scoredTopics: {
        [presenceTopic(runId)]: presenceScore,
        [headsTopic(runId)]: presenceScore,
        [agreementTopic(runId)]: presenceScore,
      },
    }),
    ...(field?.networkKey && { networkKey: field.networkKey }),
    ...(field?.access && { access: field.access }),
    ...(field?.metrics && { metrics: field.metrics }),
  })
  return node
}
