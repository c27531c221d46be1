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

/** The list of what is inside: whole by CycloneDX's own schema, of this release, with a licence for each, and as the licences' text says. */
export async function sbomFaults(text: string, stamped: Stamped, licences: string): Promise<Faults> {
  const broken = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text).catch(String)
  if (broken !== null) return [`not CycloneDX 1.6: ${JSON.stringify(broken).slice(0, 300)}`]
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
