// What both sides of a comparison begin with, from a manifest: the peers' shares of the training samples, how each
// standardises, and the model before the first step.   node beginning.js MANIFEST FOLDER
// FOLDER/shards.json   [{ "indices": [3, 14], "mean": 0.13, "std": 0.31 }]
// FOLDER/initial.json  [{ "name": "dense1/kernel", "shape": [784, 200] }]
// FOLDER/initial.f32   their numbers, one after another
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { partitionIndices } from '../../dist/data/index.js'
import { createLearnerPool, loadDataset, parseManifest, partition } from '../../dist/index.js'

const { data, partition: split, peers, seed, model } = parseManifest(JSON.parse(process.argv[2]))
const folder = process.argv[3]
const dataset = await loadDataset(data, seed)
const indices = partitionIndices(dataset, split, peers, seed)
const shards = partition(dataset, split, peers, seed)

const models = [{ model, inputShape: dataset.inputShape }]
const pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: dataset.classes.length, seed })
const { layout } = pool.models[0]
const initial = pool.models[0].initialParameters()
await pool.close()

const write = (name, content) => writeFileSync(join(folder, name), content)
write(
  'shards.json',
  JSON.stringify(
    shards.map(({ standardisation: { mean, std } }, i) => ({ indices: [...indices[i]], mean: mean[0], std: std[0] })),
  ),
)
write('initial.json', JSON.stringify(layout.tensors.map(({ name, shape }) => ({ name, shape }))))
write('initial.f32', new Uint8Array(initial.buffer, initial.byteOffset, initial.byteLength))
