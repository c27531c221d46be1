import type { Translate } from '../../i18n/dictionary.ts'
import { chosenIn, type Scope, type ScopeName } from './scope.ts'
import type { ScopeOptions } from './scope-options.ts'

/** What is chosen, in words. */
export const scopeChips = (
  scope: Scope,
  options: ScopeOptions,
  t: Translate,
): readonly { readonly name: ScopeName; readonly text: string }[] =>
  chosenIn(scope).map((name) => ({
    name,
    text: name === 'model' ? scope.model : t(`scope.chip.${name}`, { name: options.nameOf(name, scope[name]) }),
  }))
