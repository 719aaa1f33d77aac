// Where the reader says who they are: instead of a page that wants to know, or to be allowed to act.
import { useSignal } from '@preact/signals';
import { BASE, logIn, loginPath, token as current } from '../api';
import { session } from '../session';
import { Field, valueOf } from './frame';

/** Instead of every page, where the server shows nothing without a login. */
export function Login() {
  return (
    <main id="main" class="login" tabIndex={-1}>
      <h1>tocsin</h1>
      {current.value ? (
        <p class="problem" role="alert">
          tocsin does not accept the token.
        </p>
      ) : (
        <p>
          This dashboard wants a token. <code>tocsin web-token</code> prints one.
        </p>
      )}
      <TokenForm />
      <PasswordLogin path={loginPath.value} />
      {current.value && (
        <p>
          <button type="button" onClick={() => logIn('')}>
            Go on without a token
          </button>
        </p>
      )}
    </main>
  );
}

/** Below every page, for those who may only read. */
export const ReadOnly = () => (
  <footer>
    <p class="muted">
      You may read only. To act, paste the token that <code>tocsin web-token</code> prints.
    </p>
    <TokenForm />
    <PasswordLogin path={session.value?.name ? '' : (session.value?.login ?? '')} />
  </footer>
);

/** Leads to where the browser itself asks. It sends what it is told there with every request, but for those with a token. */
function PasswordLogin({ path }: { path: string }) {
  if (!path) return null;
  return (
    <p>
      <a class="button" href={`${BASE}${path}`} onClick={() => logIn('')}>
        Log in with a password
      </a>
    </p>
  );
}

function TokenForm() {
  const token = useSignal('');
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        logIn(token.value.trim());
      }}>
      <Field label="Token">
        <input
          type="password"
          value={token.value}
          required
          autocomplete="off"
          onInput={(event) => {
            token.value = valueOf(event);
          }}
        />
      </Field>
      <button type="submit">Log in</button>
    </form>
  );
}
