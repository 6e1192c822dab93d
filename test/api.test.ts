import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

it.each([
  ['hearsay', 'index'],
  ['hearsay/worker', 'learner/worker-module'],
])(
  'every type that a signature of %s shows can be imported from it',
  (_, entry) => {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: `${root}dist/${entry}.d.ts`,
        compiler: { tsconfigFilePath: `${root}tsconfig.build.json` },
        apiReport: { enabled: false },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: `${root}package.json`,
    })
    const missing: string[] = []
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback(message) {
        message.logLevel = 'none' as typeof message.logLevel
        const [, name] = /^The symbol "(\w+?)(?:_\d+)?" needs to be exported/.exec(message.text) ?? []
        // A schema from which a type is inferred need not be there: the type is.
        const isType = name !== undefined && /^[A-Z]/.test(name)
        if (message.messageId === 'ae-forgotten-export' && isType) {
          missing.push(`${name}, of ${message.sourceFilePath?.slice(root.length)}:${message.sourceFileLine}`)
        }
      },
    })
    expect(missing).toEqual([])
  },
  120_000,
)
