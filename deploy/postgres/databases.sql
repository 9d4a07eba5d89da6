-- One database per service. Each service's `migrate` creates its roles and tables in its own.
CREATE DATABASE presence;
CREATE DATABASE conversation;
CREATE DATABASE contacts;
CREATE DATABASE routing;
CREATE DATABASE notifier;
CREATE DATABASE billing;
CREATE DATABASE gateway;
