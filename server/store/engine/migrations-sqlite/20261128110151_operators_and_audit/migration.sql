CREATE TABLE `admin_tokens` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`hash` text NOT NULL UNIQUE,
	`last4` text NOT NULL,
	`scopes` text NOT NULL,
	`subject` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`last_peer` text,
	CONSTRAINT "admin_tokens_hash" CHECK(length("hash") = 64),
	CONSTRAINT "admin_tokens_scopes" CHECK("scopes" is null or json_valid("scopes")),
	CONSTRAINT "admin_tokens_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `audit_entries` (
	`seq` integer PRIMARY KEY,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`status` integer NOT NULL,
	`before` text,
	`after` text,
	`request_id` text,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	CONSTRAINT "audit_entries_hashes" CHECK(length("hash") = 64 and length("previous_hash") = 64)
);
--> statement-breakpoint
CREATE TABLE `operators` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`folded` text NOT NULL UNIQUE,
	`role` text NOT NULL,
	`password_hash` text NOT NULL,
	`enabled` integer NOT NULL,
	`last_sign_in_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "operators_id" CHECK(substr("id", 1, 4) = 'opr_'),
	CONSTRAINT "operators_role" CHECK("role" in ('owner', 'admin', 'viewer')),
	CONSTRAINT "operators_enabled" CHECK("enabled" in (0, 1)),
	CONSTRAINT "operators_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
ALTER TABLE `sessions` ADD `subject` text DEFAULT 'owner' NOT NULL;--> statement-breakpoint
CREATE INDEX `admin_tokens_by_subject` ON `admin_tokens` (`subject`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_time` ON `audit_entries` (`at`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_actor` ON `audit_entries` (`actor_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_target` ON `audit_entries` (`target`,`seq`);--> statement-breakpoint
CREATE INDEX `sessions_by_subject` ON `sessions` (`subject`);--> statement-breakpoint
CREATE TRIGGER `audit_entries_unchanged` BEFORE UPDATE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_entries_kept` BEFORE DELETE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
