# Survival and competing risks of one table (columns time, code, x1, x2, group, stratum, horizon)
# as R's survival and cmprsk estimate them. Usage: Rscript survival.R table.csv; prints "key value".
# The numbers in survival.json were printed by this script; tests/outcomes/test_against_r.py
# compares ours with them, and runs this again where Rscript is.
suppressMessages({library(survival); library(cmprsk)})
d <- read.csv(commandArgs(TRUE)[1])
say <- function(key, values) {
  values <- as.numeric(values)
  for (i in seq_along(values)) cat(sprintf("%s.%d %.12g\n", key, i, values[i]))
}
d$event <- d$code == 1
at <- d$horizon[1] * c(0.25, 0.5, 1)
curve <- survfit(Surv(time, event) ~ 1, d, conf.type = "log-log")
s <- summary(curve, times = at)
say("km.survival", s$surv); say("km.low", s$lower); say("km.high", s$upper)
say("km.at_risk", s$n.risk)
q <- quantile(curve, c(0.25, 0.5))
say("km.quantile", q$quantile); say("km.quantile_low", q$lower); say("km.quantile_high", q$upper)
m <- summary(curve, rmean = d$horizon[1])$table
say("rmean", m[c("rmean", "se(rmean)")])
say("logrank", survdiff(Surv(time, event) ~ group, d)$chisq)
say("logrank_stratified", survdiff(Surv(time, event) ~ group + strata(stratum), d)$chisq)
fit <- coxph(Surv(time, event) ~ x1 + x2, d)
say("cox.coefficient", coef(fit)); say("cox.error", sqrt(diag(vcov(fit))))
say("cox.interval", t(confint(fit))); say("cox.likelihood", fit$loglik)
say("cox.tests", c(2 * diff(fit$loglik), fit$wald.test, fit$score))
say("cox.zph", cox.zph(fit)$table[, "chisq"])
say("cox.zph_identity", cox.zph(fit, "identity")$table[, "chisq"])
strata <- coxph(Surv(time, event) ~ x1 + x2 + strata(stratum), d)
say("cox_stratified.coefficient", coef(strata))
say("cox_stratified.error", sqrt(diag(vcov(strata))))
clusters <- coxph(Surv(time, event) ~ x1 + x2, d, cluster = d$cluster)
say("cox_cluster.error", sqrt(diag(vcov(clusters))))
for (cause in seq_len(max(d$code))) {
  state <- summary(survfit(Surv(time, factor(code)) ~ 1, d, conf.type = "log-log"), times = at)
  say(sprintf("incidence%d", cause), state$pstate[, cause + 1])
  say(sprintf("incidence%d.error", cause), state$std.err[, cause + 1])
  say(sprintf("incidence%d.low", cause), state$lower[, cause + 1])
  say(sprintf("incidence%d.high", cause), state$upper[, cause + 1])
}
if (max(d$code) > 1) {
  say("cuminc", timepoints(cuminc(d$time, d$code), at)$est[1, ])
  say("gray", cuminc(d$time, d$code, d$group)$Tests[, "stat"])
  # crr stops early by default (gtol 1e-6): its fourth digit then depends on where it started.
  fg <- crr(d$time, d$code, cbind(d$x1, d$x2), gtol = 1e-13)
  say("fine_gray.coefficient", fg$coef); say("fine_gray.error", sqrt(diag(fg$var)))
  say("fine_gray.likelihood", fg$loglik)
}
