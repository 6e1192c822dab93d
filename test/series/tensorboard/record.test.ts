import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scalars } from '../../../src/series/tensorboard/events.js'
import { Event } from '../../../src/series/tensorboard/generated/event.js'
import { recordOf } from '../../../src/series/tensorboard/record.js'
import { crc32c, recordsIn, valuesIn } from './reader.js'

it('the reader’s checksum is that of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})

it('a file is records, each with its length and checksums', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), all => {
      expect(recordsIn(Buffer.concat(all.map(recordOf))).map(data => [...data])).toEqual(all.map(data => [...data]))
    }),
  )
})

it('the numbers of a step come back, 0 among them, and null is none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.string(), value: fc.option(fc.float({ noNaN: true })) })),
      fc.nat(1_000_000),
      (values, step) => {
        const [data] = recordsIn(scalars(1500, step, values))
        const event = Event.decode(data!)
        expect([event.wallTime, event.step]).toEqual([1.5, step])
        expect(valuesIn(event)).toEqual(
          values.filter(({ value }) => value !== null).map(({ name, value }) => ({ tag: name, simpleValue: value })),
        )
      },
    ),
  )
})
