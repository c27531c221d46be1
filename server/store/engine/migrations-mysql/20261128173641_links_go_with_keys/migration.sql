-- The generator leaves the rule out of a reference that is written into CREATE TABLE.
ALTER TABLE `claude_server_key_hand_overs` DROP FOREIGN KEY `claude_server_key_hand_overs_WXATtdssQ69v_fkey`;
--> statement-breakpoint
ALTER TABLE `claude_server_key_hand_overs` ADD CONSTRAINT `key_hand_overs_key` FOREIGN KEY (`key_id`) REFERENCES `claude_server_api_keys`(`id`) ON DELETE CASCADE;
