import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import type { Faults, Stamped } from './checks.ts'

type Bom = {
  readonly metadata: {
    readonly timestamp: string
    readonly component: { readonly name: string; readonly version: string }
  }
  readonly components: readonly {
    readonly name: string
    readonly group?: string
    readonly licenses?: readonly object[]
  }[]
}

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)

/** The list of what is inside: whole by CycloneDX's own schema, and what it says. */
export async function sbomFaults(text: string, stamped: Stamped, licences: string): Promise<Faults> {
  const broken = await validator.validate(text).catch(String)
  if (broken !== null) return [`not CycloneDX 1.6: ${JSON.stringify(broken).slice(0, 300)}`]
  return bomFaults(text, stamped, licences)
}

/** It is of this release, has a licence for each package, and names those that the licences' text does. */
export function bomFaults(text: string, stamped: Stamped, licences: string): Faults {
  const { metadata, components } = JSON.parse(text) as Bom
  const names = components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
  const told = [...licences.matchAll(/^-{78}\n(\S+) \S+\nLicence: \S/gm)].map(([, name = '']) => name)
  return [
    ...(metadata.component.version === stamped.version ? [] : [`it is of version ${metadata.component.version}`]),
    ...(metadata.timestamp === stamped.date ? [] : [`it is of ${metadata.timestamp}`]),
    ...components.filter(({ licenses }) => (licenses?.length ?? 0) === 0).map(({ name }) => `${name} has no licence`),
    ...['bun', 'elysia', 'solid-js', 'drizzle-orm']
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is not in it`),
    ...(names.toSorted().join() === told.toSorted().join()
      ? []
      : ['it and the text of the licences name different packages']),
  ]
}
