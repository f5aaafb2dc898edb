// What pages gain where scripts run. Every page works without.
import { Button, ErrorSummary, Radios, SkipLink, createAll } from 'govuk-frontend';

document.body.classList.add('js-enabled', 'govuk-frontend-supported');
createAll(Button, { preventDoubleClick: true });
createAll(ErrorSummary);
createAll(Radios);
createAll(SkipLink);
