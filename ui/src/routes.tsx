import { Navigate, Route } from '@solidjs/router'
import { lazy } from 'solid-js'

const Inside = lazy(() => import('./pages/inside.tsx'))

const toAccounts = () => <Navigate href="/accounts" />

/** Path -> page; each page's code is loaded when it is first visited. */
export const routes = () => (
  <>
    <Route path="/login" component={lazy(() => import('./pages/login.tsx'))} />
    <Route path={['/password', '/setup']} component={lazy(() => import('./pages/password.tsx'))} />
    <Route path="/" component={Inside}>
      <Route path="/" component={toAccounts} />
      <Route path="/accounts/:id?" component={lazy(() => import('./pages/accounts.tsx'))} />
      <Route path="/keys" component={lazy(() => import('./pages/keys.tsx'))} />
      <Route path="/models" component={lazy(() => import('./pages/models.tsx'))} />
      <Route path="/proxies" component={lazy(() => import('./pages/proxies.tsx'))} />
      <Route path="/playground" component={lazy(() => import('./pages/playground.tsx'))} />
      <Route path="/health" component={lazy(() => import('./pages/health.tsx'))} />
      <Route path="*404" component={lazy(() => import('./pages/not-found.tsx'))} />
    </Route>
  </>
)
