# Lesions within patients as R's lme4 and ordinal estimate them. Usage: Rscript mixed.R table.csv
# (columns patient, log_dose, device, response, category); prints "key value".
suppressMessages({library(lme4); library(ordinal)})
d <- read.csv(commandArgs(TRUE)[1])
say <- function(key, values) {
  values <- as.numeric(values)
  for (i in seq_along(values)) cat(sprintf("%s.%d %.12g\n", key, i, values[i]))
}
strict <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-9))
fit <- glmer(response ~ log_dose + device + (1 | patient), d, binomial, nAGQ = 25, control = strict)
say("logistic.coefficient", fixef(fit)); say("logistic.error", sqrt(diag(vcov(fit))))
say("logistic.spread", getME(fit, "theta")); say("logistic.likelihood", logLik(fit))
fit <- clmm(factor(category) ~ log_dose + device + (1 | patient), d, nAGQ = 25,
            control = clmm.control(gradTol = 1e-8))
say("ordinal.coefficient", coef(fit))
say("ordinal.error", sqrt(diag(vcov(fit)))[seq_along(coef(fit))])
say("ordinal.spread", as.numeric(fit$ST[[1]])); say("ordinal.likelihood", fit$logLik)
