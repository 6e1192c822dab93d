// What a method costs the house: files of src that name it in code outside the room of the methods. The aim is none.
// `node scripts/method-cost/index.js scaffold`, or without a name all methods.
import { methodNames } from '../../dist/methods/index.js'
import { filesNaming } from './naming.js'

const [asked] = process.argv.slice(2)
for (const name of asked === undefined ? methodNames() : [asked]) {
  const files = filesNaming(name)
  console.log(`${name}: ${files.length === 0 ? 'none' : files.length}`)
  for (const file of files) console.log(`  ${file}`)
  if (files.length > 0) process.exitCode = 1
}
