import { Navigate, Route } from '@solidjs/router'
import type { Component } from 'solid-js'
import { type I18n, lazyWith } from './i18n/i18n.tsx'
import type { Area } from './i18n/parts.ts'

/** What whoever is not signed in may see. */
const outside: readonly string[] = ['/login', '/hand-over']

export const isInside = (pathname: string): boolean => !outside.includes(pathname.replace(/\/$/, ''))

const toUsers = () => <Navigate href="/users" />

/** Path -> page; each page's code and its areas' words are loaded when it is first visited. */
export const routes = (i18n: I18n) => {
  const page = (areas: readonly Area[], load: () => Promise<{ default: Component }>) => lazyWith(i18n, areas, load)
  return (
    <>
      <Route path="/login" component={page([], () => import('./pages/login.tsx'))} />
      <Route path="/password" component={page([], () => import('./pages/password.tsx'))} />
      <Route
        path="/setup"
        component={page(['setup', 'accounts', 'accountwork', 'integrations'], () => import('./pages/setup.tsx'))}
      />
      <Route path="/hand-over" component={page(['handOver'], () => import('./pages/hand-over.tsx'))} />
      <Route path="/" component={page(['shell'], () => import('./pages/inside.tsx'))}>
        <Route path="/" component={page(['overview', 'chart'], () => import('./pages/overview.tsx'))} />
        <Route path="/accounts/:id?" component={page(['accounts'], () => import('./pages/accounts.tsx'))} />
        <Route
          path="/logs/:id?"
          component={page(['logs', 'addresses', 'routing', 'scope', 'chart'], () => import('./pages/logs.tsx'))}
        />
        <Route path="/users/:id?" component={page(['users', 'accounts', 'chart'], () => import('./pages/users.tsx'))} />
        <Route path="/keys" component={toUsers} />
        <Route path="/models" component={page(['models'], () => import('./pages/models.tsx'))} />
        <Route path="/proxies" component={page(['proxies'], () => import('./pages/proxies.tsx'))} />
        <Route
          path="/playground/:chat?"
          component={page(['playground', 'accounts'], () => import('./pages/playground.tsx'))}
        />
        <Route
          path="/integrations/:client?"
          component={page(['integrations', 'refusals'], () => import('./pages/integrations.tsx'))}
        />
        <Route
          path="/settings/:section?"
          component={page(['settings', 'addresses'], () => import('./pages/settings.tsx'))}
        />
        <Route path="/backup" component={page(['backup', 'refusals'], () => import('./pages/backup.tsx'))} />
        <Route path="/health" component={page(['health'], () => import('./pages/health.tsx'))} />
        <Route path="*404" component={page([], () => import('./pages/not-found.tsx'))} />
      </Route>
    </>
  )
}
