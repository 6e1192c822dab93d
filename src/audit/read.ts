import { join } from 'node:path'
import { type Dataset, partition, partitionIndices, type Reading, type Shard } from '../data/index.js'
import { isInField, type KeptPeer, type PeerDescription, readPeer, readRunFolder, sharedOf } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { dataOf, loadData, type Manifest, parseManifest, readManifestFile, runIdOf } from '../node/index.js'
import { sameLayout } from '../tensors/index.js'
import { createTopology } from '../topology/index.js'
import type { Audited, Companion, Observer, Records } from './audited.js'
import { taken } from './matched.js'

/**
 * Reads what an audit needs of a run folder: the peer's model; its records, dealt again by the manifest's seed or read
 * again from where the peer has them; and records that no peer was trained on.
 *
 * @param name - of the peer; may be left out where the folder has only one
 * @throws {@link HearsayError} `RUN` where the folder lacks something, or is of another run than its manifest; `DATA` where
 *   the records cannot be read any more; `USAGE` for a model that restores images
 */
export async function readAudited(folder: string, name: string | undefined, reading: Reading = {}): Promise<Audited> {
  const peer = await readPeer(folder, name)
  const path = join(folder, 'manifest.yaml')
  const manifest = parseManifest(await readManifestFile(path), path)
  mustFit(peer.description, manifest, path)
  return (await isInField(folder)) ? inField(folder, peer, reading) : inSimulation(folder, peer, manifest, reading)
}

function mustFit(description: PeerDescription, manifest: Manifest, path: string): void {
  mustBeOf(description, manifest, path)
  const { objective } = description
  if (objective.kind !== 'super-resolution') return
  throw new HearsayError(
    'USAGE',
    'its model restores images; audits are of models that tell classes apart or predict a number',
  )
}

function mustBeOf({ run, name }: PeerDescription, manifest: Manifest, path: string): void {
  if (run === Buffer.from(runIdOf(manifest)).toString('hex')) return
  throw new HearsayError('RUN', `is not the manifest that the model of ${name} was trained by; bring that one back`, {
    source: path,
  })
}

async function inField(folder: string, peer: KeptPeer, reading: Reading): Promise<Audited> {
  const { manifest, settings } = await readRunFolder(folder)
  const { data: own, share } = settings
  if (own === undefined && share === undefined) {
    throw new HearsayError('DATA', 'this peer was begun by a program, on data of its own, which an audit cannot read', {
      source: folder,
    })
  }
  const data = own === undefined ? { share: share! } : { own }
  const { dataset, samples } = await dataOf({ manifest, data, ...reading })
  const subjects = own === undefined ? dealtSubjects(dataset, manifest, share!) : dataset.groups
  return {
    ...known(peer, manifest, dataset),
    number: share ?? 0,
    members: { samples, subjects },
    others: othersOf(dataset, naturalPlace(manifest, share)),
  }
}

async function inSimulation(folder: string, peer: KeptPeer, manifest: Manifest, reading: Reading): Promise<Audited> {
  const dataset = await loadData(manifest, {}, reading)
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const number = shards.findIndex(shard => shard.name === peer.description.name)
  if (number < 0) {
    throw new HearsayError('RUN', `its peers are ${shards[0]!.name} and so on, not ${peer.description.name}`, {
      source: folder,
    })
  }
  const subjects = dealtSubjects(dataset, manifest, number)
  return {
    ...known(peer, manifest, dataset),
    number,
    members: { samples: shards[number]!.samples, subjects },
    others: othersOf(dataset, naturalPlace(manifest, number)),
    observer: await observerOf(folder, peer, manifest, shards, number),
  }
}

function known(
  { description, parameters }: KeptPeer,
  manifest: Manifest,
  dataset: Dataset,
): Omit<Audited, 'number' | 'members' | 'others'> {
  const { name, model, inputShape, layout, objective, classes, standardisation } = description
  if (dataset.inputShape.join() !== inputShape.join()) {
    throw new HearsayError(
      'DATA',
      `its samples are ${dataset.inputShape.join('×')}, and the model takes ${inputShape.join('×')}; bring the data back that it was trained on`,
      { source: dataset.name },
    )
  }
  return {
    manifest,
    name,
    model: { model, inputShape },
    layout,
    head: sharedOf(description),
    classes: classes.length,
    objective,
    parameters,
    standardisation,
  }
}

function naturalPlace({ partition }: Manifest, number: number | undefined): number | undefined {
  return partition.kind === 'natural' ? number : undefined
}

/**
 * Records of the peer's kind that no peer was trained on: validation data where there are any, since published test data may
 * be of another origin, and be told apart by that alone; else test data, those of the peer's own where they say whose.
 *
 * @param natural - the peer's place among the data's natural ones; undefined where it is none of them
 */
export function othersOf({ validation, test, otherGroups, naturalPeers }: Dataset, natural?: number): Records {
  if (validation !== undefined && validation.size > 0) return { samples: validation, subjects: otherGroups?.validation }
  const all = { samples: test, subjects: otherGroups?.test }
  const owners = naturalPeers?.ofTest
  if (natural === undefined || owners === undefined) return all
  return taken(
    all,
    Uint32Array.from(owners.keys()).filter(sample => owners[sample] === natural),
  )
}

function dealtSubjects(
  dataset: Dataset,
  { partition, peers, seed }: Manifest,
  number: number,
): Uint32Array | undefined {
  const { groups } = dataset
  return groups && partitionIndices(dataset, partition, peers, seed)[number]!.map(sample => groups[sample]!)
}

/** The first of the peers that hear this one, with what it hears beside it; undefined where nobody does. */
async function observerOf(
  folder: string,
  { description }: KeptPeer,
  manifest: Manifest,
  shards: readonly Shard[],
  number: number,
): Promise<Observer | undefined> {
  const { topology, peers, seed, rounds } = manifest
  const graph = createTopology(topology, peers, seed).graphAt(rounds)
  const [place] = graph.sendsTo(number)
  if (place === undefined) return undefined
  const read = async (peer: number): Promise<Companion & Pick<PeerDescription, 'layout'>> => {
    const { description, parameters } = await readPeer(folder, shards[peer]!.name)
    mustBeOf(description, manifest, join(folder, 'manifest.yaml'))
    const { layout, standardisation } = description
    return { parameters, layout, data: { samples: shards[peer]!.samples, standardisation }, number: peer }
  }
  const { parameters, layout } = await read(place)
  // In a mixture peers may have models of their own, whose other parts do not fit.
  if (!sameLayout(layout, description.layout)) return undefined
  const company = graph.receivesFrom(place).filter(peer => peer !== number)
  const companion = async (peer: number): Promise<Companion> => {
    const { layout, ...companion } = await read(peer)
    if (sameLayout(layout, description.layout)) return companion
    throw new HearsayError('RUN', `the model of ${shards[peer]!.name} is another, which makes no sum with the peer's`, {
      source: folder,
    })
  }
  return { name: shards[place]!.name, parameters, company: () => Promise.all(company.map(companion)) }
}
