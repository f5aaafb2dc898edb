-- What is on its way or wants a person, without reading all that is done.
CREATE INDEX exhibit_wanting ON exhibit (state, received_at) WHERE (parent IS NULL OR role = 'still-series') AND state <> 'analysed';
