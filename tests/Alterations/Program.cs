using Differ.Alterations;

return AlterCommand.Run(args, Console.Out, Console.Error);
